import request from 'supertest';
import { createApp } from '../../../api/app';
import { createFakeServices } from './fake-services';

const assets = {
  '/docs/swagger-ui.css': 'text/css',
  '/docs/swagger-ui-bundle.js': 'text/javascript',
  '/docs/start.js': 'text/javascript',
};

const app = createApp(createFakeServices());

it.each(['/docs', '/docs/'])('%s is a page that runs and loads nothing but this server holds', async (path) => {
  const { status, text, type, headers } = await request(app).get(path);
  expect({ status, type }).toEqual({ status: 200, type: 'text/html' });
  const policy = String(headers['content-security-policy']);
  expect(policy.split(';').sort()).toEqual([
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "img-src 'self' data:",
    "script-src 'self'",
    "style-src 'self'",
  ]);
  expect(text).not.toMatch(/https?:|src="\/\/|<script>|<style>|\son\w+=|style=/);
  const named = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, url]) => url);
  expect(named.sort()).toEqual(Object.keys(assets).sort());
});

it.each(Object.entries(assets))('%s comes as %s', async (path, expected) => {
  const { status, type, text, headers } = await request(app).get(path);
  expect({ status, type }).toEqual({ status: 200, type: expected });
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(text?.length).toBeGreaterThan(100);
});

it('shows the document of this server, keeps no key, and asks no validator elsewhere', async () => {
  const { text } = await request(app).get('/docs/start.js');
  expect(text).toContain("url: '/api/v1/openapi.json'");
  expect(text).toContain('persistAuthorization: false');
  expect(text).toContain('validatorUrl: null');
  expect(text).not.toMatch(/https?:/);
});

it.each(['/docs/package.json', '/docs/..%2fpackage.json', '/docs/swagger-ui-bundle.js.map', '/docs/index.html'])(
  '%s is not there',
  async (path) => expect((await request(app).get(path)).status).toBe(404),
);

it('takes nothing, and leaves the policy of other answers alone', async () => {
  expect((await request(app).post('/docs')).status).toBe(404);
  const { headers } = await request(app).get('/version');
  expect(headers['content-security-policy']).toContain("object-src 'none'");
});

it('is open when the boot guard refuses all else', async () => {
  const verdict = { ready: false, components: { roles: { healthy: false } } };
  const { health } = createFakeServices();
  const refusing = createApp(createFakeServices({ health: { ...health, guard: async () => verdict } }));
  expect((await request(refusing).get('/api/v1/planes')).status).toBe(503);
  for (const path of ['/docs', ...Object.keys(assets), '/api/v1/openapi.json']) {
    expect({ path, status: (await request(refusing).get(path)).status }).toEqual({ path, status: 200 });
  }
});
