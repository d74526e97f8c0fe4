import type { RequestHandler } from 'express';
import { refusal } from '../../contracts/errors';

const urlLengthMax = 8_192;

/** Answers are never cached, and what no route can mean is refused before any route is asked. */
export const guardRequest: RequestHandler = (req, res, next) => {
  res.set('Cache-Control', 'no-store');
  if (req.url.length > urlLengthMax) {
    throw refusal('validation_error', `the URL is longer than ${urlLengthMax} characters`, {
      details: { field: 'url', length_max: urlLengthMax },
    });
  }
  // Express would answer this method by itself, with a text of its own.
  if (req.method === 'OPTIONS') throw noSuchRoute();
  next();
};

export const refuseUnknownRoute: RequestHandler = () => {
  throw noSuchRoute();
};

function noSuchRoute() {
  return refusal('NOT_FOUND', 'there is no such route; GET /api/v1/openapi.json lists them all');
}
