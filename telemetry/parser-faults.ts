import { Counter } from 'prom-client';
import { type ParseDocument, UnreadableDocument } from '../activities/adapters/parser/port';
import type { Metrics } from './metrics';

/** Counts the documents whose reader failed by a mistake of its own: among the dead letters they look like damaged ones. */
export function countFaults({ registry }: Metrics, parse: ParseDocument): ParseDocument {
  const faults = new Counter({
    name: 'aos_parser_faults_total',
    help: 'Documents that were not read because their reader failed',
    registers: [registry],
  });
  return async (document) => {
    try {
      return await parse(document);
    } catch (error) {
      if (error instanceof UnreadableDocument && error.fault) faults.inc();
      throw error;
    }
  };
}
