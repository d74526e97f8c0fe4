import { isSecretName } from '../../../contracts/secret-names';
import { ServerDefinition } from '../../../contracts/tool-schemas';

const named = { name: 'crm', url: 'https://tools.example/mcp' };

function refusalOf(change: object): string {
  const parsed = ServerDefinition.safeParse({ ...named, ...change });
  return parsed.success
    ? ''
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

describe('the address of a server', () => {
  it.each(['api_key', 'apikey', 'X-Api-Key', 'access_token', 'accessToken', 'token', 'key', 'auth', 'jwt', 'bearer'])(
    'carries no %s',
    (name) => {
      for (const url of [`${named.url}?a=1&${name}=canary`, `${named.url}?${name.toUpperCase()}=canary`]) {
        expect(refusalOf({ url })).toContain('store it with POST /credentials');
        expect(refusalOf({ url })).not.toContain('canary');
      }
      expect(refusalOf({ url: `${named.url}#${name}=canary` })).toContain('url: ');
    },
  );

  it('carries other parameters', () => {
    expect(refusalOf({ url: `${named.url}?project=a&keyword=b&author=c&monkey=d&max_tokens=5` })).toBe('');
  });

  it('is refused when it is none', () => {
    for (const url of ['nowhere', 'ftp://tools.example', '']) expect(refusalOf({ url })).toContain('url: ');
    expect(refusalOf({ url: 'https://ann:canary@tools.example' })).toContain('holds a password');
  });
});

it.each(['password', 'client-secret', 'credentials', 'cardNumber', 'credit_card', 'SSN', 'Authorization'])(
  '%s names a secret',
  (name) => expect(isSecretName(name)).toBe(true),
);
