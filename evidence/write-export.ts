import type { ExportEnd, ExportEvent, ExportHeader } from './export-format';

/**
 * The text of an export: one JSON object, `{…header, "events": […], "end": {…}}`, with each event on a line of its own,
 * so that it can be written and read without holding more than a line.
 */
export async function* writeExport(
  header: ExportHeader,
  events: AsyncIterable<readonly ExportEvent[]>,
  end: () => Promise<ExportEnd>,
): AsyncGenerator<string> {
  yield `${JSON.stringify(header).slice(0, -1)},"events":[`;
  let separator = '\n';
  for await (const batch of events) {
    if (batch.length === 0) continue;
    yield separator + batch.map((event) => JSON.stringify(event)).join(',\n');
    separator = ',\n';
  }
  yield `\n],"end":${JSON.stringify(await end())}}\n`;
}
