import { z } from 'zod';
import { actorTypes } from './execution-context';
import { tenantRoles } from './roles';
import { identifier } from './text';

/** Signatures that a provider makes with a key of its own. None and HMAC are not among them, and cannot be named. */
export const signatureAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

const word = z.string().min(1).max(256);
/** A claim by its name, or the way to it through objects. */
const Claim = z.union([word.transform((name) => [name]), z.array(word).min(1).max(8)]);
const Role = z.enum([...tenantRoles, 'operator']);

const TenantRule = z.union([
  z.strictObject({ id: identifier }),
  z.strictObject({ claim: Claim, values: z.record(word, identifier).optional() }),
]);
const RolesRule = z.union([
  z.strictObject({ given: z.array(Role).min(1) }),
  z.strictObject({ claim: Claim, values: z.record(word, Role).optional() }),
]);
export type TenantRule = z.infer<typeof TenantRule>;
export type RolesRule = z.infer<typeof RolesRule>;

const url = word.max(512).refine((value) => URL.canParse(value) && /^https?:\/\//i.test(value), {
  message: 'must be a URL that starts with https://',
});

const Issuer = z
  .strictObject({
    issuer: url.refine((value) => !/[?#]/.test(value), { message: 'must have nothing behind a ? or #' }),
    audience: z.union([word.transform((one) => [one]), z.array(word).min(1)]),
    jwks_uri: url.optional(),
    algorithms: z.array(z.enum(signatureAlgorithms)).min(1).default(['RS256', 'PS256', 'ES256', 'EdDSA']),
    token_type: z.enum(['at+jwt', 'JWT']).default('at+jwt'),
    tenant: TenantRule,
    roles: RolesRule,
    actor: z.enum(actorTypes).exclude(['system']).optional(),
    clock_tolerance_seconds: z.int().min(0).max(300).default(30),
    max_token_age_seconds: z.int().min(60).max(86_400).default(3_600),
    work_outlives_token_seconds: z.int().min(0).max(604_800).default(86_400),
  })
  .superRefine(({ tenant, roles }, context) => {
    const isPlatform = 'id' in tenant && tenant.id === 'platform';
    const named = 'given' in roles ? roles.given : Object.values(roles.values ?? {});
    if (named.some((role) => (role === 'operator') !== isPlatform) || (isPlatform && named.length === 0)) {
      context.addIssue({
        code: 'custom',
        path: ['roles'],
        message: 'the role operator, and no other, belongs to the tenant platform, named by its id',
      });
    }
    if ('claim' in tenant && Object.values(tenant.values ?? {}).includes('platform')) {
      context.addIssue({ code: 'custom', path: ['tenant'], message: 'the tenant platform is named by its id only' });
    }
  });

/** What an operator says of the identity providers that are trusted. */
export const OidcIssuersFile = z
  .strictObject({ issuers: z.array(Issuer).min(1).max(32) })
  .refine(({ issuers }) => new Set(issuers.map(({ issuer }) => issuer)).size === issuers.length, {
    message: 'names an issuer twice',
    path: ['issuers'],
  });
export type OidcIssuer = z.infer<typeof Issuer>;
