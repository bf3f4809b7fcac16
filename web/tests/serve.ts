/** `npm run stand-in`: a sidecar that is none, on port 8080, for looking at pages; `npm run dev` asks it. */
import { standIn } from './stand-in';

const { url } = await standIn(Number(process.env['PORT'] ?? 8080));
console.log(`${url}  (any name of digits is an extension; the password is "geheim")`);
