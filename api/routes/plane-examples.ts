import type { z } from 'zod';
import type { PlaneDefinition } from '../../contracts/knowledge-schemas';

/** Planes as callers register them, one for each kind of source. */
export const planeExamples: Readonly<Record<string, z.input<typeof PlaneDefinition>>> = {
  'a folder, onboarded by itself': {
    name: 'handbook',
    onboard: true,
    sources: [{ source_type: 'file', name: 'files', config: { path: 'handbook', include: ['**/*.md', '**/*.pdf'] } }],
  },
  'files that are uploaded': { name: 'contracts', sources: [{ source_type: 'upload', name: 'uploads', config: {} }] },
  'rows of a database': {
    name: 'articles',
    sources: [
      {
        source_type: 'sql',
        name: 'articles',
        config: { connection_ref: 'crm', template_id: 'sqlt_0123456789ab', params: { since: '2026-01-01' } },
      },
    ],
  },
  'web pages': {
    name: 'help pages',
    sources: [{ source_type: 'http', name: 'site', config: { sitemap_url: 'https://help.example.com/sitemap.xml' } }],
  },
};
