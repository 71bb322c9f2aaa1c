/** The journal has a file of its own; what is left here is whose records count, and how many of them the tables have. */
export const journalFile = `
drop table journal;
create table journal (
  life integer not null,
  applied integer not null
) strict;
insert into journal (life, applied) values (0, 0);
`
