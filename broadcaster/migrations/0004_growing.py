"""Indexes for lists over millions of rows."""

import django.db.models.deletion
from django.db import migrations, models

import broadcaster.models.contact


class Migration(migrations.Migration):

    dependencies = [
        ('broadcaster', '0003_channel_pace'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='message',
            name='message_by_state',
        ),
        migrations.AlterField(
            model_name='message',
            name='broadcast',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='broadcaster.broadcast'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(broadcaster.models.contact.NameKey('name'), name='contact_by_name'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['language', 'id'], name='contact_by_language'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['state', 'broadcast', 'contact'], name='message_by_state'),
        ),
    ]
