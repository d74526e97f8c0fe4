import { PageQuery, TimeKey } from '../../contracts/api/common';
import {
  AccessKey,
  AccessView,
  CredentialBody,
  CredentialPath,
  CredentialQuery,
  CredentialView,
  DeletedCredential,
  RotatedCredential,
  RotationBody,
  StoredCredential,
} from '../../contracts/api/credentials';
import type { CredentialType } from '../../contracts/credentials';
import { credentialNotFound } from '../../operations/credentials/secret-rows';
import { newId } from '../../operations/ids';
import {
  findCredential,
  findSecretVersion,
  listCredentialAccess,
  listCredentials,
} from '../../prisma/reads/credentials';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toAccessView, toCredentialView } from '../views/credential';
import { sealNewSecret } from './seal-new-secret';

const tag = 'Credentials';

export function credentialRoutes(services: ApiServices): Route[] {
  const { dispatch, prisma } = services;
  const seal = sealNewSecret(services);
  return [
    route(
      {
        method: 'post',
        path: '/credentials',
        operationId: 'credentials.store',
        summary: 'Store a secret for use by the engine; nothing ever returns it',
        tag,
        permission: 'manage:integrations',
        successStatus: 201,
        body: CredentialBody,
        examples: {
          'a bearer token': { name: 'crm', type: 'bearer_token', secret: { token: 'the token' }, tags: ['crm'] },
          'client credentials of OAuth': {
            name: 'tickets',
            type: 'oauth',
            secret: {
              client_id: 'aos',
              client_secret: 'the secret',
              token_url: 'https://login.example/oauth/token',
            },
            expires_at: '2027-01-31T00:00:00Z',
            is_rotatable: true,
            rotation_interval_days: 90,
          },
        },
        data: StoredCredential,
        errors: ['conflict', 'invalid_configuration', 'action_blocked', 'tenant_suspended'],
      },
      async ({ context, body: { secret, ...rest }, idempotencyKey }) => {
        const { type } = rest;
        const credentialId = newId('cred_');
        const sealed = await seal(context, { credentialId, type, secretVersion: 1, secret }, 'credentials.store');
        const stored = await dispatch(context, 'credentials.store', {
          params: { credentialId, ...rest, ...sealed },
          idempotencyKey,
        });
        return {
          credential_id: stored.credentialId,
          name: rest.name,
          type,
          expires_at: rest.expires_at === undefined ? null : new Date(rest.expires_at).toISOString(),
          audit_event_id: stored.auditEventId,
        };
      },
    ),
    listRoute(
      {
        path: '/credentials',
        operationId: 'credentials.list',
        summary: 'The credentials of the tenant without their secrets, newest first',
        tag,
        permission: 'read:credentials',
        query: CredentialQuery,
        item: CredentialView,
        key: TimeKey,
      },
      async ({ context, query: { type }, page }) => {
        const now = new Date();
        return mapPage(await listCredentials(prisma, context.tenantId, { ...page, type }), (row) =>
          toCredentialView(row, now),
        );
      },
    ),
    route(
      {
        method: 'get',
        path: '/credentials/{credential_id}',
        operationId: 'credentials.get',
        summary: 'One credential without its secret',
        tag,
        permission: 'read:credentials',
        successStatus: 200,
        params: CredentialPath,
        data: CredentialView,
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => {
        const found = await findCredential(prisma, context.tenantId, params.credential_id);
        if (found === undefined) throw credentialNotFound();
        return toCredentialView(found, new Date());
      },
    ),
    route(
      {
        method: 'post',
        path: '/credentials/{credential_id}/rotate',
        operationId: 'credentials.rotate',
        summary: 'Replace the secret of a credential; the old one is gone at once',
        tag,
        permission: 'manage:integrations',
        successStatus: 200,
        params: CredentialPath,
        body: RotationBody,
        examples: { 'a new token, with a new end': { secret: { token: 'the new token' }, expires_at: null } },
        data: RotatedCredential,
        errors: ['resource_not_found', 'conflict', 'resource_busy', 'invalid_configuration', 'action_blocked'],
      },
      async ({ context, params: { credential_id: credentialId }, body: { secret, ...rest }, idempotencyKey }) => {
        const known = await findSecretVersion(prisma, context.tenantId, credentialId);
        // Of what type nobody knows, so it is not looked at; the operation refuses, and records that it did.
        const type = (known?.type ?? 'custom') as CredentialType;
        const made = { credentialId, type, secretVersion: (known?.secretVersion ?? 0) + 1, secret };
        const sealed = await seal(context, made, 'credentials.rotate');
        const rotated = await dispatch(context, 'credentials.rotate', {
          params: { credentialId, ...rest, ...sealed },
          idempotencyKey,
        });
        return {
          credential_id: rotated.credentialId,
          secret_version: rotated.secretVersion,
          expires_at: rotated.expiresAt,
          audit_event_id: rotated.auditEventId,
        };
      },
    ),
    route(
      {
        method: 'delete',
        path: '/credentials/{credential_id}',
        operationId: 'credentials.delete',
        summary: 'End a credential; its secret is gone at once, also under a kill switch',
        tag,
        permission: 'manage:integrations',
        successStatus: 200,
        params: CredentialPath,
        data: DeletedCredential,
        errors: ['resource_not_found', 'conflict'],
      },
      async ({ context, params, idempotencyKey }) => {
        const deleted = await dispatch(context, 'credentials.delete', {
          params: { credentialId: params.credential_id },
          idempotencyKey,
        });
        return { credential_id: deleted.credentialId, deleted: true as const, audit_event_id: deleted.auditEventId };
      },
    ),
    listRoute(
      {
        path: '/credentials/{credential_id}/access',
        operationId: 'credentials.access',
        summary: 'Who used or changed a credential, and what was refused, newest first',
        tag,
        permission: 'read:credentials',
        params: CredentialPath,
        query: PageQuery,
        item: AccessView,
        key: AccessKey,
        errors: ['resource_not_found'],
      },
      async ({ context, params, page }) => {
        const asked = { ...page, credentialId: params.credential_id };
        const found = await listCredentialAccess(prisma, context.tenantId, asked);
        if (found === undefined) throw credentialNotFound();
        return mapPage(found, toAccessView);
      },
    ),
  ];
}
