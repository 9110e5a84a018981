import django.db.models.deletion
from django.db import migrations, models

# Each clause by the worst of the rules that count in it, as `tally.places` has it, since the first of these.
_FILL = """
    INSERT INTO phones_clausestate (phone_id, clause, rank, since)
    WITH counting AS (
        SELECT phone_id, clause, since,
            CASE WHEN status = 'fail' THEN 0 WHEN in_the_way THEN 1 ELSE 2 END AS rank
        FROM phones_rulestate
        WHERE status IN ('pass', 'waived') OR (status <> 'not_applicable' AND in_the_way)
    ), worst AS (SELECT phone_id, clause, MIN(rank) AS rank FROM counting GROUP BY phone_id, clause)
    SELECT counting.phone_id, counting.clause, counting.rank, MIN(counting.since)
    FROM counting JOIN worst ON worst.phone_id = counting.phone_id AND worst.clause = counting.clause
        AND worst.rank = counting.rank
    GROUP BY counting.phone_id, counting.clause, counting.rank
"""


class Migration(migrations.Migration):

    dependencies = [
        ('phones', '0006_quick_ingest'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClauseState',
            fields=[
                ('pk', models.CompositePrimaryKey('phone_id', 'clause', blank=True, editable=False, primary_key=True, serialize=False)),
                ('clause', models.CharField(max_length=40)),
                ('rank', models.SmallIntegerField(choices=[(0, 'non_compliant'), (1, 'inconclusive'), (2, 'compliant')])),
                ('since', models.DateTimeField()),
                ('phone', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='clauses', to='phones.phone')),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(models.F('clause'), models.F('rank'), models.F('since'), models.F('phone'), name='clause_by_since')],
            },
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
    ]
