const FIRST =
  'amber,bold,brave,brisk,bright,calm,clever,cosy,crisp,daring,deft,eager,early,fair,famous,fleet,fresh,gentle,glad,golden,grand,happy,hardy,honest,humble,jolly,keen,kind,lively,loyal,lucid,lucky,mellow,merry,mighty,modest,neat,nimble,noble,patient,placid,plucky,polite,prime,proud,quick,quiet,rapid,ready,rosy,serene,sharp,silver,smart,snug,sober,solid,spry,steady,sunny,swift,tidy,warm,witty'.split(
    ',',
  )
const SECOND =
  'badger,beaver,bee,bison,bobcat,camel,cat,cobra,condor,crane,crow,deer,dove,eagle,egret,elk,falcon,ferret,finch,fox,gecko,goose,hare,hawk,heron,horse,ibex,ibis,jackal,jay,kiwi,koala,lark,lemur,lion,lizard,llama,lynx,magpie,marten,mole,moose,newt,ocelot,orca,otter,owl,panda,parrot,pika,puffin,puma,quail,raven,robin,seal,shrew,stork,swan,tapir,tern,toad,wolf,wren'.split(
    ',',
  )

/** A name that people can say, such as `brisk-otter-7f3a`, made from 4 random bytes. */
export function runName(bytes: Uint8Array): string {
  const [a = 0, b = 0, c = 0, d = 0] = bytes
  const tail = ((c << 8) | d).toString(16).padStart(4, '0')
  return `${FIRST[a % FIRST.length]}-${SECOND[b % SECOND.length]}-${tail}`
}
