import path from 'node:path';
import type { ChildProgram } from '../../activities/adapters/mcp/port';

/** A program of this Node, as the operator would put it down. */
export function childProgram(args: readonly string[], change: Partial<ChildProgram> = {}): ChildProgram {
  const { folders = [], ...rest } = change;
  return {
    command: process.execPath,
    args: [...args],
    env: {},
    network: 'none',
    isolation: 'required',
    limits: { memory_mb: 512, processes: 64, open_files: 1_024, disk_mb: 100 },
    ...rest,
    folders: [{ path: path.resolve(process.execPath, '../..'), access: 'read' }, ...folders],
  };
}
