import type { Command } from 'commander';
import { addWriteCommand } from '../../add-command';
import type { CliRun } from '../../deps';
import { exitCodes } from '../../exit-codes';
import { resolvePlane } from '../../resolve-name';
import { action, type Session } from '../../session';
import { column, renderTable, textColumn } from '../../table';
import { counted } from '../../text';
import { localFiles, uploadFiles } from '../../upload-files';

/** `aos planes upload` */
export function addUploadCommand(planes: Command, run: CliRun): void {
  addWriteCommand(planes, 'upload <plane> <files...>', 'send files, or folders of files, to a plane')
    .option('--source <id>', 'the upload source they belong to, where the plane has several')
    .action(action(run, upload));
}

async function upload(session: Session, plane: string, paths: string[], options: { source?: string }): Promise<void> {
  const files = localFiles(paths, session.run.cwd);
  const planeId = await resolvePlane(session, plane);
  const result = await uploadFiles(session.api, planeId, files, {
    ...(options.source === undefined ? {} : { sourceId: options.source }),
    ...(session.idempotencyKey === undefined ? {} : { idempotencyKey: session.idempotencyKey }),
    sent: (count) => {
      if (files.length > count) session.note(`${count} of ${files.length} files sent`);
    },
  });
  session.show(result, () => {
    const taken = `${counted(result.accepted.length, 'file')} accepted, ${result.rejected.length} rejected\n`;
    if (result.rejected.length === 0) return taken;
    return `${taken}\n${renderTable(rejectedColumns, result.rejected, session.run.stdout.columns, session.colors.bold)}`;
  });
  if (result.rejected.length > 0) session.end(exitCodes.refused);
}

const rejectedColumns = [column('rejected', 'name'), textColumn('reason', 'reason')];
