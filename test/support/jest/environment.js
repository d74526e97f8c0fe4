const { ModuleMocker } = require('jest-mock');
const { forgettingAsyncHooks } = require('./forgetting-async-hooks');

/** Where Jest's own parts keep what belongs to one test file. */
const stateOfJest =
  /^(JEST_STATE_SYMBOL|EVENT_HANDLERS|TEST_TIMEOUT_SYMBOL|WAIT_BEFORE_RETRY|LOG_ERRORS_BEFORE_RETRY|RETRY_\w+)$/;

/**
 * Runs test files in the realm of Node itself, one after the other: what packages make is then of the classes that tests
 * name, and native modules know the arrays they are given. There are no fake timers: they would be those of the worker.
 */
module.exports = class {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;
  fakeTimersModern = null;
  asyncHooks = forgettingAsyncHooks();
  #running = true;
  #before = { console, exit: process.exit, exitCode: process.exitCode, env: { ...process.env } };

  async setup() {}

  async teardown() {
    this.#running = false;
    const { env, exit, exitCode, console } = this.#before;
    this.asyncHooks.forget();
    for (const key of Object.getOwnPropertySymbols(globalThis)) {
      if (stateOfJest.test(key.description)) delete globalThis[key];
    }
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    Object.assign(process, { exit, exitCode });
    globalThis.console = console;
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  /** Whether there is one is all that Jest asks: code is compiled by this folder's runtime. */
  getVmContext() {
    return this.#running ? globalThis : null;
  }
};
