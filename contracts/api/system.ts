import { z } from 'zod';
import { Time } from './common';
import { Components } from './governance';

export const Alive = z.strictObject({ status: z.literal('ok') });
export const Ready = z.strictObject({ ready: z.boolean(), components: Components });
export const Version = z.strictObject({ name: z.string(), version: z.string(), node: z.string(), started_at: Time });
