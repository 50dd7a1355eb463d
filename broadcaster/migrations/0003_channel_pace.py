import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('broadcaster', '0002_sending'),
    ]

    operations = [
        migrations.AddField(
            model_name='channel',
            name='raised_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='channel',
            name='daily_cap',
            field=models.PositiveIntegerField(blank=True, help_text='At most so many in any 24 hours, counted from when this is set. Empty: no limit.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='messages in 24 hours'),
        ),
        migrations.AddConstraint(
            model_name='channel',
            constraint=models.CheckConstraint(condition=models.Q(('daily_cap__isnull', True), ('daily_cap__gte', 1), _connector='OR'), name='channel_daily_cap_positive'),
        ),
    ]
