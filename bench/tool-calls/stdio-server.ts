import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { noteServer } from './note-tool';

void noteServer().connect(new StdioServerTransport());
