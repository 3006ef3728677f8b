import { problemsOf, master, minion } from './test/cluster/problems-of.ts';
import { readFileSync } from 'node:fs';
console.log(problemsOf(readFileSync('test/fixtures/ten-mistakes.json','utf8')).join('\n'));
const ssh=(s:unknown,more={})=>({nodes:[master,{...minion,ssh:s,...more}]});
const cases:unknown[]=[
 ssh('admin@10.0.0.12/eth1'), ssh('admin@192.168.56.12/eth1'), ssh({host:'127.0.0.1',port:2222,user:'vagrant'},{address:'192.168.56.40'}), ssh('root'), ssh('a@10.0.0.300',{address:'192.168.56.40'}), ssh('a@192.168.56.12',{count:2}), ssh('a@192.168.56.12/eth1',{interface:'eth0'}), ssh({user:'a',password:'x',host:'192.168.56.12'}),
 {nodes:[master,{...minion,ssh:'a@192.168.56.12'},{...minion,name:'b',ssh:'b@192.168.56.12'}]},
 ssh({host:'192.168.56.12',user:'a',keys:['../../etc/shadow','~/.ssh/id','/home/J D/.ssh/x','-x','a\u0000b']}),
 {nodes:[master,{...minion,count:200}]},{nodes:[master,{...minion,count:25},{name:'big',count:1,roles:['minion']}]},
 {network:{machineCidr:'10.0.0.0/28'},nodes:[master,{...minion,count:3},{name:'big',count:1,roles:['minion']}]},
 {network:{machineCidr:'10.0.0.0/28'},nodes:[master,{...minion,count:30}]},
 {network:{machineCidr:'10.0.0.0/30'}},
 {network:{podCidr:'10.244.0.0/22'},nodes:[master,{...minion,count:3}]},
 {network:{serviceCidr:'10.96.0.0/11'}},{network:{serviceCidr:'10.96.0.0/29'}},{network:{machineCidr:'fd00::/64'}},{network:{podCidr:'127.0.0.0/16'}},{network:{podCidr:'239.0.0.0/16'}},
 {nodes:[]},{nodes:[master,master]},{nodes:[{...master,roles:['master','minion','etcd']}]},{nodes:[minion]},{nodes:[{...master,count:2}]},
 {nodes:[master,{...minion,address:'192.168.56.1'},{name:'b',roles:['minion'],address:'192.168.56.0'},{name:'c',roles:['minion'],address:'192.168.56.255'},{name:'d',roles:['minion'],address:'192.168.56.253',count:3}]},
 {controlPlane:{port:2379,sans:['10.0.0.300','ok.example.org','ok.example.org']},pki:{leafDays:400,caDays:300}},
 {controlPlane:{port:30001,sans:[{},{}]}},
 {nodes:[{name:'localhost',roles:['master','etcd']}]}, {nodes:[master,{name:'a'.repeat(62),count:10,roles:['minion']}]},
 {nodes:[{...master,labels:{'a b':'x','ok':'a b', 'no':'0x10'},taints:[{key:'x',effect:'Never'},{effect:'NoSchedule'}]}]},
 {name:'a'.repeat(33)},{name:3},{token:{ttlHours:0}},{timeouts:{rollout:1e9}},{timeouts:{constructor:1}},{nodes:[master,{...minion,count:1.5}]},{network:{machineCidr:7},nodes:[{...master,address:'10.0.0.1'}]},
 {network:[]},{ssh:1},
];
for (const c of cases) console.log(JSON.stringify(c).slice(0,150)+'\n   '+problemsOf(c).join('\n   '));
for (const s of [['network.podCidr=10.1.0.0/16'],['network.podCidr=10.1.0.0'],['nodes[1].count=0'],['nodes[9].count=1'],['nodes.count=1'],['nope'],['=x'],['a..b=1'],['__proto__.x=1'],['nodes[0].labels={"__proto__":1}'],['nodes[0].labels["a.b/c"]=x'],['name.x=1'],['kubernetes.version=1.36'],['network.serviceCidr=10.244.0.0/20'],['artefacts.sorce=auto'],['nodes=[{"name":"m"}]']]) console.log(s, problemsOf(readFileSync('cluster.json','utf8'),...s));
