import { copyOf } from './edits';
import type { Planted } from './planted';

// The policy's first event says something else, and all that is computed from it fits.
const rewritten = `with other as (select event_id, convert_to(replace(convert_from(payload_bytes, 'UTF8'), 'recorded', 'repaired'), 'UTF8') as bytes
    from audit_events where event_type = 'PolicyRuleCreated' and payload_bytes::text like '%' || substr('recorded'::bytea::text, 3) || '%')
  update audit_events e set payload_bytes = o.bytes, integrity_hash = encode(sha256(o.bytes), 'hex'),
    leaf_hash = sha256('\\x00'::bytea || o.bytes), evidence = convert_from(o.bytes, 'UTF8')::jsonb->'evidence'
  from other o where o.event_id = e.event_id`;

/** Events, leaves, tiles and checkpoints as somebody changes them who owns the database (I5). */
export const tampering: readonly Planted[] = [
  {
    finds: 'I5 bytes-changed',
    plant: ({ policyId }) => [
      `update audit_events set payload_bytes = payload_bytes || '\\x20' where event_type = 'PolicyRuleCreated'
        and resource_id = '${policyId}'`,
    ],
  },
  {
    finds: 'I5 leaf-hash-changed',
    plant: ({ policyId }) => [
      `update audit_events set payload_bytes = payload_bytes || '\\x20',
        integrity_hash = encode(sha256(payload_bytes || '\\x20'), 'hex') where resource_id = '${policyId}'`,
    ],
  },
  {
    finds: 'I5 column-changed',
    plant: ({ policyId }) => [`update audit_events set actor_id = 'somebody else' where resource_id = '${policyId}'`],
    ids: ({ tenantId }) => ({ column: 'actor_id', tenant_id: tenantId }),
  },
  {
    finds: 'I5 payload-missing',
    plant: ({ evidenceId }) => [`update audit_events set payload_bytes = null where resource_id = '${evidenceId}'`],
  },
  {
    finds: 'I5 sealed-event-missing',
    plant: ({ policyId }) => [
      `delete from audit_events where event_type = 'PolicyRuleCreated' and resource_id = '${policyId}'`,
    ],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 event-is-not-its-leaf',
    plant: () => [rewritten],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 tile-is-not-its-leaves',
    plant: ({ tenantId }) => [
      `insert into audit_tiles (tenant_id, level, tile_index, epoch, hashes, root_hash)
        values ('${tenantId}', 0, 0, 1, decode(repeat('00', 8192), 'hex'), sha256('x'))`,
    ],
    ids: ({ tenantId }) => ({ tenant_id: tenantId, level: 0, tile_index: '0' }),
  },
  {
    finds: 'I5 tile-root-changed',
    plant: ({ tenantId }) => [
      `insert into audit_tiles (tenant_id, level, tile_index, epoch, hashes, root_hash)
        values ('${tenantId}', 0, 0, 1, decode(repeat('00', 8192), 'hex'), sha256('x'))`,
    ],
    ids: ({ tenantId }) => ({ tenant_id: tenantId, level: 0, tile_index: '0' }),
  },
  {
    finds: 'I5 tree-is-not-its-checkpoint',
    plant: ({ policyId }) => [
      rewritten,
      `update audit_leaves l set integrity_hash = e.integrity_hash, leaf_hash = e.leaf_hash from audit_events e
        where e.event_id = l.event_id and e.resource_id = '${policyId}'`,
    ],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 sealed-out-of-order',
    plant: () => [`update audit_events set xact_id = '900000000' where event_type = 'PlaneRegistered'`],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 leaf-missing',
    plant: ({ tenantId }) => [`delete from audit_leaves where tenant_id = '${tenantId}' and tenant_sequence = 3`],
    ids: ({ tenantId }) => ({ tenant_id: tenantId, sequence: 3 }),
  },
  {
    finds: 'I5 tree-truncated',
    plant: ({ tenantId }) => [
      `delete from audit_leaves where tenant_id = '${tenantId}' and tenant_sequence > 3`,
      `update audit_tree_heads set tree_size = 4 where tenant_id = '${tenantId}'`,
    ],
    ids: ({ tenantId }) => ({ tenant_id: tenantId, leaves: 4 }),
  },
  {
    finds: 'I5 head-is-not-its-leaves',
    plant: ({ tenantId }) => [`update audit_tree_heads set tree_size = tree_size + 1 where tenant_id = '${tenantId}'`],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 checkpoint-not-signed',
    plant: ({ tenantId }) => [
      `update audit_checkpoints set note = replace(note, E'\\n' || tree_size || E'\\n', E'\\n1\\n')
      where tenant_id = '${tenantId}' and tree_size > 1`,
    ],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 checkpoint-changed',
    plant: ({ tenantId }) => [`update audit_checkpoints set root_hash = sha256('x') where tenant_id = '${tenantId}'`],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 tree-truncated',
    plant: ({ tenantId }) => [
      `delete from audit_leaves where tenant_id = '${tenantId}' and tenant_sequence > 3`,
      `update audit_tree_heads set tree_size = 4 where tenant_id = '${tenantId}'`,
      `delete from audit_checkpoints where tenant_id = '${tenantId}'`,
    ],
    edit:
      ({ notes }) =>
      (material) => ({ ...material, notes }),
    ids: ({ tenantId }) => ({ tenant_id: tenantId, checkpoint: 'outside 0', leaves: 4 }),
  },
  {
    finds: 'I5 rotated-key-without-event',
    plant: () => [
      `insert into audit_signing_keys (key_id, name, public_key, former_key_id, record)
        select 'ffffffff', name, public_key, key_id, record from audit_signing_keys`,
    ],
    ids: () => ({ key_id: 'ffffffff' }),
  },
  {
    finds: 'I5 key-event-without-key',
    plant: ({ policyId }) => [
      `update audit_events set event_type = 'SigningKeyRotated' where resource_id = '${policyId}'
        and event_type = 'PolicyRuleCreated'`,
    ],
  },
  {
    finds: 'I5 epoch-without-event',
    plant: () => [`update audit_sealing set epoch = epoch + 1`],
    ids: () => ({ epoch: 2 }),
  },
  {
    finds: 'I5 epoch-event-without-epoch',
    plant: ({ policyId }) => [
      `update audit_events set event_type = 'EvidenceEpochOpened' where resource_id = '${policyId}'
        and event_type = 'PolicyRuleCreated'`,
    ],
  },
  {
    finds: 'I5 bytes-are-no-json',
    plant: ({ policyId }) => [`update audit_events set payload_bytes = 'no json' where resource_id = '${policyId}'`],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 bytes-say-more',
    plant: ({ policyId }) => [
      `update audit_events set payload_bytes =
        convert_to(regexp_replace(convert_from(payload_bytes, 'UTF8'), '^\\{', '{"more":1,'), 'UTF8')
        where resource_id = '${policyId}'`,
    ],
    ids: ({ tenantId }) => ({ tenant_id: tenantId, member: 'more' }),
  },
  {
    finds: 'I5 event-id-twice',
    plant: ({ policyId }) => [copyOf(`resource_id = '${policyId}'`)],
    ids: () => ({ times: 2 }),
  },
  {
    finds: 'I5 leaf-chain-broken',
    plant: ({ tenantId }) => [
      `update audit_leaves set previous_hash = 'other' where tenant_id = '${tenantId}' and tenant_sequence = 3`,
    ],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 leaves-without-checkpoint',
    plant: ({ tenantId }) => [`delete from audit_checkpoints where tenant_id = '${tenantId}'`],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I5 outside-checkpoint-not-signed',
    edit:
      ({ notes: [note = ''] }) =>
      (material) => ({ ...material, notes: [note.replace(/\n\d+\n/, '\n1\n')] }),
    ids: () => ({ note: 0 }),
  },
  {
    finds: 'I5 tree-missing',
    plant: ({ tenantId }) => [
      `delete from audit_leaves where tenant_id = '${tenantId}'`,
      `delete from audit_tree_heads where tenant_id = '${tenantId}'`,
    ],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
];
