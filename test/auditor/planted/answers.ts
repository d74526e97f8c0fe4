import { succeeded, withLines } from './edits';
import type { Planted } from './planted';

/** Answers that contradict each other (I10) or were given without evidence (I11). */
export const answers: readonly Planted[] = [
  {
    finds: 'I10 same-key-other-answer',
    edit: (run) => {
      const line = succeeded(run, '/policies');
      return withLines({ ...line, answer: { ...line.answer, hash: 'another' } });
    },
    ids: () => ({ key: 'k1' }),
  },
  {
    finds: 'I10 other-arguments-accepted',
    edit: (run) => {
      const line = succeeded(run, '/policies');
      return withLines({ ...line, call: { ...line.call, bodyHash: 'another' } });
    },
    ids: () => ({ key: 'k1', accepted: 2 }),
  },
  {
    finds: 'I11 answered-without-evidence',
    plant: ({ evidenceId }) => [`delete from retrieval_evidence where id = '${evidenceId}'`],
    ids: ({ evidenceId }) => ({ evidence_id: evidenceId }),
  },
  {
    finds: 'I11 answered-in-outage',
    edit: (run) => {
      const line = succeeded(run, '/policies');
      const { at, seq } = line;
      const call = { ...line.call, callId: 'during' };
      const outage = { at, seq, kind: 'outage', store: 'postgres' } as const;
      return withLines(
        { ...outage, isOver: false },
        { at, seq, kind: 'sent', call },
        { ...line, call },
        { ...outage, isOver: true },
      );
    },
    ids: ({ tenantId }) => ({ call_id: 'during', tenant_id: tenantId, path: '/policies' }),
  },
];
