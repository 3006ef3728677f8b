/** Is this data what schemas/cluster.schema.json describes? The build puts ready-made code in place of this file. */
import schema from '../../schemas/cluster.schema.json' with { type: 'json' };
import { compiler } from './schema-compiler.ts';

export default compiler().compile(schema);
