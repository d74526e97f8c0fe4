import { z } from 'zod';
import { Sha256 } from '../../contracts/knowledge-schemas';
import { defineOperation } from '../define';
import { newId } from '../ids';
import { referencedObjects } from './object-references';

export const discardedAtOnceMax = 100;
const deadlineMs = 10 * 60_000;

/** Decides which objects that were set aside are discarded now, and says so before any of them is. */
export const discardObjects = defineOperation({
  name: 'maintenance.objects.discard',
  permission: 'system:execute',
  params: z.strictObject({
    objects: z
      .array(z.strictObject({ sha256: Sha256, bytes: z.int().min(0) }))
      .min(1)
      .max(discardedAtOnceMax),
  }),
  fence: 'fenced',
  begins: 'work',

  async loadFacts({ tx, context }, { objects }) {
    const keys = objects.map(({ sha256 }) => sha256);
    return { referenced: await referencedObjects(tx, context.tenantId, keys) };
  },

  async handle(work, { params: { objects }, facts: { referenced } }) {
    const discarded = objects.filter(({ sha256 }) => !referenced.has(sha256));
    const kept = objects.filter(({ sha256 }) => referenced.has(sha256));
    const intentId = newId('eff_');
    if (discarded.length > 0) {
      const deadline = new Date(Date.now() + deadlineMs);
      work.intend({ intentId, subject: `objects:${intentId}`, phase: 'discard', deadline });
    }
    work.audit({
      type: 'ObjectsDiscarded',
      outcome: discarded.length > 0 ? 'pending' : 'skipped',
      resource: { type: 'effect', id: intentId },
      evidence: {
        objects: discarded.map(({ sha256 }) => sha256),
        bytes: discarded.reduce((sum, { bytes }) => sum + bytes, 0),
        kept: kept.length,
      },
    });
    const keys = (some: readonly { sha256: string }[]) => some.map(({ sha256 }) => sha256);
    return { intentId, discarded: keys(discarded), kept: keys(kept) };
  },
});

/** Closes the effect, once the objects are gone. */
export const recordDiscarded = defineOperation({
  name: 'maintenance.objects.record_discarded',
  permission: 'system:execute',
  params: z.strictObject({ intentId: z.string().max(64) }),
  fence: 'outcome-of-opened-intent',
  loadFacts: async () => ({}),

  async handle(work, { params: { intentId } }) {
    work.settle({ intentId, outcome: 'succeeded', first: true });
    work.audit({
      type: 'EffectSettled',
      outcome: 'success',
      resource: { type: 'effect', id: intentId },
      evidence: { subject: `objects:${intentId}`, outcome: 'succeeded' },
    });
    return {};
  },
});
