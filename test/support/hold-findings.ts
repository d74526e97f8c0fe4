import type { Client } from 'pg';
import type { Release } from './hold';

/** Lets no batch of findings be committed, as if the work took long. */
export async function holdFindings(owner: Client): Promise<Release> {
  await owner.query(`
    create or replace function test_busy() returns trigger language plpgsql as
      $$ begin raise exception 'held' using errcode = '55P03'; end $$`);
  await owner.query(
    'create trigger test_busy before insert on knowledge_findings for each row execute function test_busy()',
  );
  return async () => void (await owner.query('drop trigger if exists test_busy on knowledge_findings'));
}
