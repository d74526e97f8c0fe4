import type { Client } from 'pg';
import { StartError } from '../stack/terminal';

export type LoginRole = 'aos_app' | 'aos_system';

/** Lets a role of ours log in with this password. The migrations make it without one, since SQL files hold no secrets. */
export async function setLogin(client: Client, role: LoginRole, password: string): Promise<void> {
  try {
    await client.query(`alter role ${role} login password ${client.escapeLiteral(password)}`);
  } catch (error) {
    const setting = role === 'aos_app' ? 'AOS_DATABASE_APP_URL' : 'AOS_DATABASE_SYSTEM_URL';
    throw new StartError(
      `The role of DATABASE_URL may not give ${role} a password (${(error as Error).message}): set ${setting} to a login of that role.`,
    );
  }
}

/** The owner's URL with another role's login. */
export function loginUrl(ownerUrl: string, role: LoginRole, password: string): string {
  const url = new URL(ownerUrl);
  url.username = role;
  url.password = password;
  return url.toString();
}
