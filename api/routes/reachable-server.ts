import { ServerDefinition } from '../../contracts/tool-schemas';

/** A server whose address is not known to be out of reach; a name is judged when it is resolved, at each request. */
export function reachableServer(mayBeNamed: (url: string) => boolean): typeof ServerDefinition {
  return ServerDefinition.superRefine(({ url }, { addIssue }) => {
    if (!URL.canParse(url) || mayBeNamed(url)) return;
    const message = 'not a public web address; an operator may open it by AOS_EGRESS_ALLOW';
    addIssue({ code: 'custom', path: ['url'], message });
  });
}
