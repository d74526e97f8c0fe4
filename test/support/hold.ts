import type { Client } from 'pg';

export type Release = () => Promise<void>;

/** Keeps what is sent from now on in the outbox, so that no worker takes it up before the release. */
export async function holdDeliveries(owner: Client): Promise<Release> {
  await owner.query(`
    create or replace function test_hold() returns trigger language plpgsql as
      $$ begin new.published_at := now(); new.last_error := 'held'; return new; end $$`);
  await owner.query('create trigger test_hold before insert on event_outbox for each row execute function test_hold()');
  return async () => {
    await owner.query('drop trigger if exists test_hold on event_outbox');
    await owner.query(`update event_outbox set published_at = null, last_error = null where last_error = 'held'`);
  };
}
