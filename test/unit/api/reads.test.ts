import { createReadPlane } from '../../../operations/knowledge/plane-read';
import { createDatabase } from '../../../operations/transaction/database';
import { createPrisma } from '../../../prisma/client';
import { findPlaneStatus } from '../../../prisma/reads/planes';

const away = 'postgresql://nobody:x@127.0.0.1:1/none';

describe('reads', () => {
  it('say that the database is away, in words of ours', async () => {
    const prisma = createPrisma({ databaseUrl: away });
    await expect(findPlaneStatus(prisma, 'ten_1', 'kp_0123456789ab')).rejects.toMatchObject({
      code: 'service_unavailable',
    });
    await prisma.$disconnect();
  });

  it('say so in one round trip too', async () => {
    const db = createDatabase({ url: away, connectionsMax: 1, applicationName: 'reads' });
    await expect(createReadPlane(db)('ten_1', 'kp_0123456789ab')).rejects.toMatchObject({
      code: 'service_unavailable',
    });
    await db.destroy();
  });
});
