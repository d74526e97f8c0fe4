import type { Finder, Material } from '../check';

/** Every rotated key and every epoch after the first is told by one event of the platform, and every such event is true. */
export async function sealingChanges(material: Material, look: Finder): Promise<void> {
  const told = (type: string) => `e.tenant_id = 'platform' and e.event_type = '${type}' and e.outcome = 'success'`;
  const sameKey = `e.resource_id = k.key_id and e.evidence->>'key_id' = k.key_id
    and e.evidence->>'former_key_id' = k.former_key_id
    and e.evidence->>'record_hash' = encode(sha256(convert_to(k.record, 'UTF8')), 'hex')`;
  await look.rows(material, {
    rule: 'rotated-key-without-event',
    of: 'audit_signing_keys where former_key_id is not null',
    query: `select k.key_id from audit_signing_keys k where k.former_key_id is not null
      and (select count(*) from audit_events e where ${told('SigningKeyRotated')} and ${sameKey}) <> 1`,
  });
  await look.rows(material, {
    rule: 'key-event-without-key',
    query: `select e.event_id from audit_events e where e.event_type = 'SigningKeyRotated'
      and not exists (select from audit_signing_keys k where ${told('SigningKeyRotated')} and ${sameKey})`,
  });
  const sameEpoch = `(e.evidence->>'epoch')::int = n and (e.evidence->>'former_epoch')::int = n - 1`;
  const epochs = 'audit_sealing s, generate_series(2, s.epoch) n';
  await look.rows(material, {
    rule: 'epoch-without-event',
    of: epochs,
    query: `select n as epoch from ${epochs}
      where (select count(*) from audit_events e where ${told('EvidenceEpochOpened')} and ${sameEpoch}) <> 1`,
  });
  await look.rows(material, {
    rule: 'epoch-event-without-epoch',
    query: `select e.event_id from audit_events e where e.event_type = 'EvidenceEpochOpened'
      and not exists (select from ${epochs} where ${told('EvidenceEpochOpened')} and ${sameEpoch})`,
  });
}
