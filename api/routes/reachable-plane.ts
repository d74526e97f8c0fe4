import { PlaneDefinition, type SourceDefinition } from '../../contracts/knowledge-schemas';

/** A plane none of whose addresses is known to be out of reach; a name is judged when it is resolved, at each reading. */
export function reachablePlane(mayBeNamed: (url: string) => boolean): typeof PlaneDefinition {
  return PlaneDefinition.superRefine(({ sources }, { addIssue }) => {
    for (const [index, source] of sources.entries()) {
      const url = urlsOf(source).find((each) => !mayBeNamed(each));
      if (url === undefined) continue;
      const message = `${url} is not a public web address; an operator may open it by AOS_EGRESS_ALLOW`;
      addIssue({ code: 'custom', path: ['sources', index, 'config'], message });
    }
  });
}

function urlsOf(source: SourceDefinition): readonly string[] {
  if (source.source_type !== 'http') return [];
  const { urls = [], sitemap_url } = source.config;
  return sitemap_url === undefined ? urls : [sitemap_url];
}
