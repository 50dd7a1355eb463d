import broadcaster.models.secrets
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('broadcaster', '0012_uuids'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='apitoken',
            options={'ordering': ['-id'], 'permissions': [('manage_apitoken', 'Can see, make and revoke API tokens of others')], 'verbose_name': 'API token'},
        ),
        migrations.AlterField(
            model_name='idempotentcall',
            name='answer',
            field=broadcaster.models.secrets.EncryptedJSONField(blank=True, default=''),
        ),
    ]
