import { Connection, type ConnectionOptions } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { searchAttributes as attributes } from '../../../contracts/workflow-messages';
import { StartError } from '../terminal';

/** What operators can search workflows by. All are keywords. */
export const searchAttributes = Object.values(attributes);

const keyword = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

/** Registers what is missing on a server that is not ours. */
export async function ensureSearchAttributes({
  connection: options,
  namespace,
}: {
  connection: ConnectionOptions & { address: string };
  namespace: string;
}): Promise<void> {
  const connection = await connect(options);
  try {
    const { customAttributes } = await connection.operatorService
      .listSearchAttributes({ namespace })
      .catch((error: Error) => {
        throw new StartError(
          `The namespace ${namespace} at TEMPORAL_ADDRESS ${options.address} cannot be used: ${error.message}`,
        );
      });
    const missing = searchAttributes.filter((name) => customAttributes?.[name] === undefined);
    if (missing.length === 0) return;
    const wanted = Object.fromEntries(missing.map((name) => [name, keyword]));
    await connection.operatorService
      .addSearchAttributes({ namespace, searchAttributes: wanted })
      .catch((error: Error) => {
        throw new StartError(
          `The namespace ${namespace} at TEMPORAL_ADDRESS ${options.address} lacks the search attributes ${missing.join(', ')} (Keyword) and does not let us add them: ${error.message}`,
        );
      });
  } finally {
    await connection.close();
  }
}

async function connect(options: ConnectionOptions & { address: string }): Promise<Connection> {
  try {
    return await Connection.connect({ connectTimeout: 10_000, ...options });
  } catch (error) {
    throw new StartError(
      `No Temporal server answers at TEMPORAL_ADDRESS ${options.address}: ${(error as Error).message}`,
    );
  }
}
