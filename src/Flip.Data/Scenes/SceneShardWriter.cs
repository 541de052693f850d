using System.Globalization;
using System.Text;
using System.Text.Json;
using Flip.Data.Shards;

namespace Flip.Data.Scenes;

/// <summary>Writes scenes as WebDataset shards: renders on all processors, writes in order.</summary>
internal sealed class SceneShardWriter(ulong seed, SceneSplit split, int imageSize)
{
    private readonly SceneSampler _sampler = new(seed, split);
    private readonly SceneRenderer _renderer = new(imageSize);

    /// <summary>Writes the scenes from <paramref name="first"/> on as one tar archive.</summary>
    public void Write(Stream stream, int first, int count)
    {
        var samples = new (string Extension, ReadOnlyMemory<byte> Content)[count][];
        Parallel.For(0, count, i => samples[i] = Render(first + i));
        using var shard = new ShardWriter(stream);
        for (var i = 0; i < count; i++)
        {
            shard.Add(KeyOf(first + i), samples[i]);
        }
    }

    private (string Extension, ReadOnlyMemory<byte> Content)[] Render(int index)
    {
        var scene = _sampler.Sample(index);
        (string, ReadOnlyMemory<byte>) jpeg = ("jpg", _renderer.Render(scene));
        var asking = _sampler.Asking(index);
        var questions = SceneQuestions.Ask(scene, ref asking).Select(asked => new { question = asked.Question, answers = new[] { asked.Answer }, answer_type = asked.Kind.ToString().ToLowerInvariant() });
        if (split is SceneSplit.HeldOut or SceneSplit.Seen)
        {
            var label = SceneCombinations.All.IndexOf((scene.Objects[0].Color, scene.Background));
            return [jpeg, ("cls", Encoding.UTF8.GetBytes(label.ToString(CultureInfo.InvariantCulture))), ("json", JsonSerializer.SerializeToUtf8Bytes(new { key = KeyOf(index), questions }))];
        }

        var random = _sampler.Wording(index);
        var captions = SceneCaptions.Write(scene, ref random);
        return [jpeg, ("txt", Encoding.UTF8.GetBytes(captions[0])), ("json", JsonSerializer.SerializeToUtf8Bytes(new { key = KeyOf(index), captions, questions }))];
    }

    private static string KeyOf(int index) => index.ToString("D6", CultureInfo.InvariantCulture);
}
