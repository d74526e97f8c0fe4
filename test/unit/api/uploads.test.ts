import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import request from 'supertest';
import { createApp } from '../../../api/app';
import { storeFile } from '../../../api/uploads/store-file';
import { createFakeServices, planeId, tenantId, type FakeServices } from './fake-services';

const path = `/api/v1/planes/${planeId}/documents`;
const bearer = { Authorization: 'Bearer admin-key' };
const boundary = 'XXboundaryXX';
const multipart = { ...bearer, 'Content-Type': `multipart/form-data; boundary=${boundary}` };

interface Part {
  readonly field?: string;
  readonly name?: string;
  readonly text: string;
}

function form(parts: readonly Part[], end = `--${boundary}--\r\n`): string {
  const texts = parts.map(({ field = 'files', name, text }) => {
    const filename = name === undefined ? '' : `; filename="${name}"`;
    return `--${boundary}\r\nContent-Disposition: form-data; name="${field}"${filename}\r\n\r\n${text}\r\n`;
  });
  return texts.join('') + end;
}

function uploadServices(status: string | null = 'draft', overrides: Parameters<typeof createFakeServices>[0] = {}) {
  const services = createFakeServices(overrides);
  services.read('knowledgePlane.findFirst', () => (status === null ? null : { status }));
  services.answer('knowledge.documents.accept', (params) => {
    const files = params['files'] as { name: string; sha256: string }[];
    // The database may give the rows back in any order.
    const accepted = files.map(({ name, sha256 }) => ({ documentId: `doc_${name}`, name, version: sha256 })).reverse();
    return { accepted, rejected: params['rejected'], jobId: null };
  });
  return services;
}

const send = (services: FakeServices, body: string, headers: Record<string, string> = multipart) =>
  request(createApp(services)).post(path).set(headers).send(body);

describe('an upload', () => {
  it('stores each file while it arrives, then asks the operation once, in the order of the request', async () => {
    const services = uploadServices();
    const body = form([
      { name: 'b.md', text: 'two' },
      { field: 'source_id', text: 'src_1' },
      { name: 'folder/ä.md', text: '' },
    ]);
    const answer = await send(services, body);
    expect(answer).toMatchObject({
      status: 202,
      body: {
        data: { accepted: [{ name: 'b.md' }, { name: 'folder/ä.md'.normalize('NFC') }], rejected: [], job_id: null },
      },
    });
    expect(services.stored).toMatchObject([{ tenantId, bytes: 3 }, { bytes: 0 }]);
    expect(services.dispatched).toMatchObject([
      { name: 'knowledge.documents.accept', params: { planeId, sourceId: 'src_1', rejected: [] } },
    ]);
  });

  it('rejects bad names and twins, and takes the others', async () => {
    const services = uploadServices();
    const bad = ['/etc/passwd', 'C:/x.md', '../x.md', 'a/../../x.md', 'a\\\\b.md', 'tab\there.md', 'n'.repeat(1025)];
    const parts = [...bad, 'good.md', 'good.md'].map((name) => ({ name, text: name }));
    const { status, body } = await send(services, form([...parts, { text: 'nameless' }]));
    expect(status).toBe(202);
    expect(body.data.accepted).toMatchObject([{ name: 'good.md' }]);
    expect(body.data.rejected).toHaveLength(bad.length + 2);
    for (const { name, reason } of body.data.rejected as { name: string; reason: string }[]) {
      expect(name.length).toBeLessThanOrEqual(1024);
      expect(reason).not.toBe('');
    }
    expect(services.stored).toHaveLength(1);
  });

  it('rejects a file over 100 MB and takes the one behind it', async () => {
    const services = uploadServices();
    const server = await listen(services);
    const large = Buffer.alloc(1024 * 1024);
    const [before, after] = form([
      { name: 'large.bin', text: '\u0000' },
      { name: 'small.md', text: 'small' },
    ]).split('\u0000') as [string, string];
    const { status, body } = await stream(server, function* () {
      yield Buffer.from(before);
      for (let i = 0; i < 100; i += 1) yield large;
      yield Buffer.from(`!${after}`);
    });
    server.close();
    expect(status).toBe(202);
    expect(body).toMatchObject({
      data: {
        accepted: [{ name: 'small.md' }],
        rejected: [{ name: 'large.bin', reason: expect.stringContaining('larger') }],
      },
    });
  });

  it.each<[string, string, Record<string, string>]>([
    ['no files', form([]), multipart],
    ['only a field', form([{ field: 'source_id', text: 'src_1' }]), multipart],
    [
      'an unknown field',
      form([
        { field: 'tenant_id', text: 'x' },
        { name: 'a', text: 'a' },
      ]),
      multipart,
    ],
    [
      'a field twice',
      form([
        { field: 'source_id', text: 'a' },
        { field: 'source_id', text: 'b' },
      ]),
      multipart,
    ],
    [
      'a bad source id',
      form([
        { field: 'source_id', text: 'a b' },
        { name: 'a', text: 'a' },
      ]),
      multipart,
    ],
    ['files in another field', form([{ field: 'attachment', name: 'a', text: 'a' }]), multipart],
    ['too many files', form(Array.from({ length: 101 }, (_, i) => ({ name: `${i}`, text: 'x' }))), multipart],
    ['a form without its end', form([{ name: 'a', text: 'a' }], ''), multipart],
    ['another content type', '{}', { ...bearer, 'Content-Type': 'application/json' }],
    ['no boundary', form([{ name: 'a', text: 'a' }]), { ...bearer, 'Content-Type': 'multipart/form-data' }],
  ])('answers 400 for %s, on the record, and accepts nothing', async (_case, body, headers) => {
    const services = uploadServices();
    const answer = await send(services, body, headers);
    expect(answer).toMatchObject({ status: 400, body: { success: false, error: { code: 'invalid_input' } } });
    expect(services.dispatched).toEqual([]);
    expect(services.refused).toMatchObject([{ action: 'documents.upload' }]);
  });

  it.each([
    [null, 404, 'PLANE_NOT_FOUND'],
    ['ingesting', 409, 'INVALID_STATE'],
  ])('is refused before its bytes are stored when the plane is %s', async (status, httpStatus, reason) => {
    const services = uploadServices(status);
    const answer = await send(services, form([{ name: 'a.md', text: 'a' }]));
    expect(answer).toMatchObject({ status: httpStatus, body: { error: { reason } } });
    expect(services.stored).toEqual([]);
    expect(services.refused).toHaveLength(1);
  });

  it('accepts nothing when the client leaves midway', async () => {
    let tellBegun = () => {};
    const begun = new Promise<void>((resolve) => (tellBegun = resolve));
    let tellAborted = () => {};
    const aborted = new Promise<void>((resolve) => (tellAborted = resolve));
    const services = uploadServices('draft', {
      uploads: {
        async put(_tenant, content, { signal }) {
          signal?.addEventListener('abort', tellAborted);
          for await (const _chunk of content) tellBegun();
          return { sha256: 'a'.repeat(64), bytes: 1 };
        },
      },
    });
    const server = await listen(services);
    const client = httpRequest({ ...target(server), headers: { ...multipart, 'Content-Length': '100000' } });
    client.on('error', () => {});
    client.write(form([{ name: 'a.md', text: 'begun' }], ''));
    await begun;
    client.destroy();
    await aborted;
    await new Promise((resolve) => server.close(resolve));
    expect(services.dispatched).toEqual([]);
  });

  it('answers 500 when the store fails, and accepts nothing', async () => {
    const services = uploadServices('draft', {
      uploads: {
        put: async () => {
          throw new Error('disk full');
        },
      },
    });
    const large = 'x'.repeat(3_000_000);
    const answer = await send(
      services,
      form([
        { name: 'a.md', text: large },
        { name: 'b.md', text: large },
      ]),
    );
    expect(answer).toMatchObject({ status: 500, body: { error: { code: 'internal_error' } } });
    expect(services.dispatched).toEqual([]);
  });
});

describe('storing one file', () => {
  it('reads an oversized part to its end', async () => {
    const file = Readable.from([Buffer.alloc(60), Buffer.alloc(60), Buffer.alloc(60)]).pipe(new PassThrough());
    const put = async (content: Readable) => {
      await pipeline(content, async (chunks) => {
        for await (const _chunk of chunks);
      });
      return { sha256: '', bytes: 0 };
    };
    expect(await storeFile({ file, bytesMax: 100, put })).toBeUndefined();
    if (!file.readableEnded) await once(file, 'end');
  });
});

async function listen(services: FakeServices): Promise<Server> {
  const server = createServer(createApp(services));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function target(server: Server) {
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, path, method: 'POST' };
}

async function stream(server: Server, chunks: () => Generator<Buffer>) {
  const client = httpRequest({ ...target(server), headers: multipart });
  const answered = once(client, 'response') as Promise<[Readable & { statusCode?: number }]>;
  await pipeline(Readable.from(chunks()), client);
  const [response] = await answered;
  const text = Buffer.concat((await response.toArray()) as Buffer[]).toString();
  return { status: response.statusCode, body: JSON.parse(text) as unknown };
}
