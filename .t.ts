import { readProblems, loadCluster } from './src/cluster/load.ts';
import { problemLine } from './src/cluster/problem.ts';
const t=performance.now();
console.log(JSON.stringify(loadCluster('cluster.json'),null,1));
console.log(performance.now()-t);
const show=(s:string)=>{console.log('---', s.slice(0,100)); for(const p of readProblems(s,'c.json')) console.log(problemLine(p));};
for (const s of ['', 'x', 'null','[]','{"name":"lab",}','// hi\n{"name": "Lab_1"} // x','{"name": lab, "network": {}}','{"nodes":[{"nam":"x","roles":["mastr"]}],"__proto__":{"a":1},"name":"a","name":"b"}','\uFEFF{"a":1}','{"network":{"serviceCidr":"10.96.0.0/12","machineCidr":"10.99.0.0/24"}}','{"network":{"podCidr":"10.244.0.0/23","dns":{"serviceIP":"10.96.0.1"},"machineCidr":"192.168.56.7/24"}}','{"nodes":[{"name":"a","count":3,"roles":["master","etcd"]},{"name":"a-1","roles":["minion","etcd"],"address":"192.168.56.12"}]}','['.repeat(10000),'{"a":"\u0001\\u001b[31m"}','{"\\u001b[31m\u202e":1}','{"name":"a;reboot","kubernetes":{"version":"v1.36.4","flavour":"kubeadm"}}', '{"addons":{"coredn":true},"timeouts":{"conect":1,"rollout":"3"},"nodes":3}']) show(s);
