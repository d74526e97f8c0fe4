import { createLogger } from '../../../logger';

function collect() {
  const lines: Record<string, unknown>[] = [];
  return {
    lines,
    destination: { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  };
}

it('adds the ids of the current context, and the process', () => {
  const { lines, destination } = collect();
  const current: { ids?: { tenant_id: string } } = {};
  const logger = createLogger({ level: 'info', process: 'api', ids: () => current.ids, destination });
  logger.info('outside');
  current.ids = { tenant_id: 'tnt_1' };
  logger.info({ plane: 'p' }, 'inside');
  expect(lines[0]).not.toHaveProperty('tenant_id');
  expect(lines[1]).toMatchObject({ process: 'api', tenant_id: 'tnt_1', plane: 'p', msg: 'inside' });
});

it('never writes keys', () => {
  const { lines, destination } = collect();
  const logger = createLogger({ level: 'info', process: 'api', destination });
  logger.info({
    api_key: 'hidden',
    req: { headers: { authorization: 'Bearer hidden' } },
    tenant: { admin_key: 'hidden' },
  });
  expect(JSON.stringify(lines)).not.toContain('hidden');
});
