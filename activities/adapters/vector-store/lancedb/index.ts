export { createLanceStore, type LanceStoreOptions } from './create-lance-store';
