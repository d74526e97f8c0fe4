const asyncHooks = require('node:async_hooks');

/**
 * The module as one test file sees it. A socket or timer that outlives the file holds what was stored when it was made,
 * and with it the whole program; and each storage that was ever used slows every later asynchronous step of the process.
 */
exports.forgettingAsyncHooks = () => {
  const storages = [];

  class AsyncLocalStorage extends asyncHooks.AsyncLocalStorage {
    #values = new WeakMap();

    constructor(...options) {
      super(...options);
      storages.push(this);
    }

    getStore() {
      const key = super.getStore();
      return key && this.#values.get(key);
    }

    run(value, ...call) {
      return super.run(this.#keep(value), ...call);
    }

    enterWith(value) {
      super.enterWith(this.#keep(value));
    }

    forget() {
      this.disable();
      this.#values = new WeakMap();
    }

    #keep(value) {
      const key = {};
      this.#values.set(key, value);
      return key;
    }
  }

  return {
    module: { ...asyncHooks, AsyncLocalStorage },
    forget: () => storages.forEach((storage) => storage.forget()),
  };
};
