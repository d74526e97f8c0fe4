const expression = /\{[^{}]*\}/;
// Whoever fills a template in must not lead out of it.
const upwards = /(^|[/\\])(\.|%2e){2}($|[/\\?#])/i;

/**
 * Whether a template of URIs (RFC 6570) could have become this one: its fixed parts stand there in their order. What stands
 * between them is for the server to judge. Takes time by the length of both, whatever the template is made of.
 */
export function fitsTemplate(template: string, uri: string): boolean {
  const parts = template.split(expression);
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return uri === template;
  if (!uri.startsWith(first) || !uri.endsWith(last) || uri.length < first.length + last.length) return false;
  const filled = uri.slice(0, uri.length - last.length);
  let at = first.length;
  for (const part of rest) {
    const found = filled.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return !upwards.test(decodedSlashes(uri.slice(startOfSegment(first))));
}

// A fixed part may begin what is filled in: `/.{name}` becomes `/../` with `./`.
function startOfSegment(fixed: string): number {
  return 1 + Math.max(fixed.lastIndexOf('/'), fixed.lastIndexOf('\\'));
}

function decodedSlashes(text: string): string {
  return text.replaceAll(/%2f/gi, '/').replaceAll(/%5c/gi, '\\');
}
