// An OpenID Connect issuer, on oidc-provider: client_credentials for JWT access tokens (ES256), discovery, JWKS.
// CLIENTS: JSON, [{ client_id, client_secret, claims? }]; AUDIENCE.  Its address is sent to the parent process.
// POST /test/rotate?keep=1 makes a new key; keep=1 leaves the old one published.  POST /test/sign signs { header, claims }
// as they are, with the key of the moment.  GET /test/asked: how often keys were asked for.
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import Provider, { errors } from 'oidc-provider';

const { CLIENTS = '[]', AUDIENCE: audience } = process.env;
const clients = JSON.parse(CLIENTS);
const scope = 'read write';
let issuer;
let keys = [];
let signing;
let made = 0;
let asked = 0;
let handle;

async function rotate(keep) {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  signing = { key: privateKey, kid: `k${++made}` };
  const jwk = { ...(await exportJWK(privateKey)), kid: signing.kid, alg: 'ES256', use: 'sig' };
  keys = [jwk, ...(keep ? keys : [])];
  const provider = new Provider(issuer, {
    jwks: { keys },
    scopes: scope.split(' '),
    clients: clients.map(({ claims: _, ...client }) => ({
      ...{ grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
      ...{ scope, id_token_signed_response_alg: 'ES256', ...client },
    })),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        ...{ enabled: true, defaultResource: () => audience, useGrantedResource: () => true },
        getResourceServerInfo(_context, resource) {
          if (resource !== audience) throw new errors.InvalidTarget();
          return { scope, audience, accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'ES256' } } };
        },
      },
    },
    extraTokenClaims: (_context, { clientId }) => clients.find((client) => client.client_id === clientId)?.claims,
  });
  handle = provider.callback();
}

async function bodyOf(request) {
  let text = '';
  for await (const part of request) text += part;
  return JSON.parse(text);
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, issuer);
  if (pathname === '/jwks') asked += 1;
  if (pathname === '/test/asked') return response.end(String(asked));
  if (pathname === '/test/rotate') {
    await rotate(searchParams.get('keep') === '1');
    return response.end(signing.kid);
  }
  if (pathname === '/test/sign') {
    const { header, claims } = await bodyOf(request);
    const token = new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: signing.kid, ...header });
    return response.end(await token.sign(signing.key));
  }
  handle(request, response);
});
server.listen(0, '127.0.0.1', async () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  await rotate(false);
  process.send({ issuer });
});
process.on('disconnect', () => process.exit());
