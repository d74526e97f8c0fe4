import type { Draw } from '../random';
import type { PlantedSecrets } from '../secrets';
import type { LoadClient } from './client';
import type { LoadTools } from './tools';

export interface LoadPlane {
  readonly planeId: string;
  readonly kind: SourceKind;
  readonly owner: LoadTenant;
  /** False while an upload plane has nothing that it could ingest. */
  hasDocuments: boolean;
}

export const sourceKinds = ['file', 'upload', 'http', 'sql'] as const;
export type SourceKind = (typeof sourceKinds)[number];

export interface LoadTenant {
  readonly tenantId: string;
  readonly client: LoadClient;
  readonly planes: LoadPlane[];
  readonly tools: LoadTools;
}

/** What the load has made so far, as far as it was told. */
export interface World {
  readonly tenants: readonly LoadTenant[];
  readonly operator: LoadClient;
  /** Whose key AOS does not know. */
  readonly stranger: LoadClient;
  readonly secrets: PlantedSecrets;
  readonly draw: Draw;
  /** Where folders of documents may be written that AOS may read. */
  readonly documentsFolder: string;
  readonly siteOrigin: string;
  readonly isPoisoned: boolean;
  /** Set when no new work is begun any more; what was begun is brought to its end. */
  readonly closing: AbortSignal;
  /** Set when nothing is asked any more. */
  readonly over: AbortSignal;
  /** Counted for the summary. */
  count(what: string): void;
}
