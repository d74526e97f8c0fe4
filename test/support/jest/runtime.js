const { createRequire } = require('node:module');
const path = require('node:path');
const { constants, Script } = require('node:vm');
const { default: Runtime } = require('jest-runtime');

/** What this process compiled: test files share the code of the program, and none of its state. */
const scripts = new Map();

/** Loads the program anew for each test file, as Jest does, and packages once for all of them, as Node does. */
module.exports = class extends Runtime {
  #asyncHooks;

  constructor(config, environment, ...rest) {
    const { getBuiltinModule } = process;
    super(config, environment, ...rest);
    // Jest puts its own there, for the process that it would give each test file.
    process.getBuiltinModule = getBuiltinModule;
    this.#asyncHooks = environment.asyncHooks.module;
    const { executor } = this;
    executor.compile = (source, filename) => compile(source, { filename, names: executor.injectedModuleParameters });
  }

  requireModule(from, name, options, isRequireActual) {
    if (/^(node:)?async_hooks$/.test(name)) return this.#asyncHooks;
    const isOfPackage = !options?.isInternalModule && isPackage(name) && !this._resolution.isCoreModule(name);
    return isOfPackage ? createRequire(from)(name) : super.requireModule(from, name, options, isRequireActual);
  }
};

function isPackage(name) {
  return name !== undefined && !name.startsWith('.') && !path.isAbsolute(name);
}

function compile(source, { filename, names }) {
  const known = scripts.get(filename);
  if (known?.source === source) return known.script.runInThisContext();
  const head = `(function (${names.join(', ')}) {`;
  const script = new Script(`${head}${source}\n})`, {
    filename,
    columnOffset: -head.length,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  scripts.set(filename, { source, script });
  return script.runInThisContext();
}
