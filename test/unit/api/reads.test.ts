import { createPrisma } from '../../../prisma/client';
import { findPlane } from '../../../prisma/reads/planes';

describe('reads', () => {
  it('say that the database is away, in words of ours', async () => {
    const prisma = createPrisma({ databaseUrl: 'postgresql://nobody:x@127.0.0.1:1/none' });
    await expect(findPlane(prisma, 'ten_1', 'kp_0123456789ab')).rejects.toMatchObject({ code: 'service_unavailable' });
    await prisma.$disconnect();
  });
});
