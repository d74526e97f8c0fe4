import path from 'node:path';
import { z } from 'zod';
import type { Rate } from './contracts/rate-limits';

// What the text of a setting may be, and what becomes of it. The message completes a sentence that begins with its name.

export const anyPort = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port number from 0 to 65535')
  .transform(Number)
  .refine((value) => value <= 65_535, 'must be a port number from 0 to 65535');

export const port = (fallback: number) => anyPort.default(fallback);

export const count = (max: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,8}$/, `must be a whole number from 1 to ${max}`)
    .transform(Number)
    .refine((value) => value <= max, `must be a whole number from 1 to ${max}`)
    .optional();

const url = (scheme: RegExp, message: string) =>
  z.string().refine((value) => URL.canParse(value) && scheme.test(value), { message });

export const postgresUrl = url(/^postgres(ql)?:\/\//i, 'must be a URL that starts with postgresql://');
export const httpUrl = url(/^https?:\/\//i, 'must be a URL that starts with http:// or https://');

export const folder = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((value) => path.resolve(value));

export const file = z.string().transform((value) => path.resolve(value));

export const list = (separator: string) => (value: string) =>
  value
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');

export const hostAndPort = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+):([1-9]\d{0,4})$/i;

export const rate = (fallback: Rate) =>
  z
    .string()
    .regex(/^[1-9]\d{0,8}\/[1-9]\d{0,4}$/, 'must be requests/seconds, for example 6000/60')
    .transform((value): Rate => {
      const [requests = 0, seconds = 0] = value.split('/').map(Number);
      return { requests, seconds };
    })
    .refine(({ seconds }) => seconds <= 86_400, 'must not span more than 86400 seconds')
    .default(fallback);

const laterProviders = ['hashicorp', 'aws_secrets', 'env'];

export const vaultProvider = z
  .string()
  .superRefine((value, refinement) => {
    if (value === 'embedded') return;
    const message = laterProviders.includes(value)
      ? `must be embedded: the provider ${value} is not available yet`
      : 'must be embedded';
    refinement.addIssue({ code: 'custom', message });
  })
  .default('embedded');
