import type { ApiClient } from './api-client';

/** Registers a plane over one folder and lets it onboard by itself. */
export async function onboardFolder(
  api: ApiClient,
  { name, folder, ...extra }: { name: string; folder: string; onboard?: boolean },
): Promise<string> {
  const { status, body } = await api.post('/planes', planeOver({ name, folder, ...extra }));
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body.data.plane_id as string;
}

export function planeOver({ name, folder, onboard = true }: { name: string; folder: string; onboard?: boolean }) {
  return { name, onboard, sources: [{ source_type: 'file', name: 'files', config: { path: folder } }] };
}
