import { documentText } from '../fixtures/documents';
import type { Draw } from '../random';
import { withDuplicates } from './duplicates';
import type { LoadPlane } from './world';

/** Adds documents to an upload plane; a switch may refuse that. */
export async function upload(plane: LoadPlane, draw: Draw, mark: string): Promise<void> {
  const files = Object.fromEntries(
    Array.from({ length: draw.between(1, 4) }, (_, index) => [`up-${index}.md`, documentText(draw, `${mark}${index}`)]),
  );
  const path = `/planes/${plane.planeId}/documents`;
  const answer = await withDuplicates(plane.owner.client, { method: 'POST', path, files }, draw);
  if (answer?.status === 202) plane.hasDocuments = true;
}
