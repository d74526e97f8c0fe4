import { Command } from 'commander';
import { addApprovalCommands } from './commands/approvals';
import { addAskCommand } from './commands/ask';
import { addAuditCommands } from './commands/audit';
import { addCallCommands } from './commands/calls';
import { addCompletionCommand } from './commands/completion';
import { addCredentialCommands } from './commands/credentials';
import { addDoctorCommand } from './commands/doctor';
import { addEffectCommands } from './commands/effects';
import { addEvidenceCommands } from './commands/evidence';
import { addIdentityCommands } from './commands/identities';
import { addKeyCommands } from './commands/keys';
import { addLimitCommands } from './commands/limits';
import { addPauseCommands } from './commands/pauses';
import { addPlaneCommands } from './commands/planes';
import { addPolicyCommands } from './commands/policies';
import { addSqlTemplateCommands } from './commands/sql-templates';
import { addServerCommands } from './commands/servers';
import { addStatusCommand } from './commands/status';
import { addSwitchCommands } from './commands/switches';
import { addTenantCommands } from './commands/tenants';
import { addToolCommands } from './commands/tools';
import { addVerifyCommand } from './commands/verify';
import { addCommonOptions } from './common-options';
import type { CliRun } from './deps';

const exitCodeHelp = `
Exit codes: 0 done · 1 failed · 2 wrong usage · 3 refused · 4 refused by policy · 5 try later · 6 key not accepted
Credentials: AOS_API_URL with AOS_API_KEY, else credentials.json in AOS_DATA_DIR (default .aos)`;

/** The whole command tree; parsing errors are thrown, never exits. */
export function createProgram(run: CliRun): Command {
  const program = new Command('aos')
    .description('Governance for what AI agents may know and do')
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => run.stdout.write(text),
      writeErr: (text) => run.stderr.write(text),
      getOutHelpWidth: () => run.stdout.columns,
      getErrHelpWidth: () => run.stderr.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .version(run.version)
    .addHelpText('after', exitCodeHelp);
  addCommonOptions(program);

  addPlaneCommands(program, run);
  addAskCommand(program, run);
  addPolicyCommands(program, run);
  addSqlTemplateCommands(program, run);
  addSwitchCommands(program, run);
  addPauseCommands(program, run);
  addEffectCommands(program, run);
  addAuditCommands(program, run);
  addEvidenceCommands(program, run);
  addVerifyCommand(program, run);
  addKeyCommands(program, run);
  addIdentityCommands(program, run);
  addCredentialCommands(program, run);
  addServerCommands(program, run);
  addToolCommands(program, run);
  addCallCommands(program, run);
  addApprovalCommands(program, run);
  addTenantCommands(program, run);
  addLimitCommands(program, run);
  addStatusCommand(program, run);
  addDoctorCommand(program, run);
  addCompletionCommand(program, run);
  return program;
}
