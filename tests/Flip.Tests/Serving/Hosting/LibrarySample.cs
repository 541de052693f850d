using Flip.Serving.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Flip.Tests.Serving.Hosting;

/// <summary>The program that docs/library.md shows: a test compares them.</summary>
internal static class LibrarySample
{
    public static async Task<float> Run(string model, string photo)
    {
        // begin
        var services = new ServiceCollection();
        services.AddFlip(options =>
        {
            options.Model = model;                                    // a folder, a run, or a file of weights of any format
            options.Settings.Add("train.threads=2");
            options.Engine = options.Engine with { MaxWait = TimeSpan.FromMilliseconds(5), QueueLength = 512 };
        });
        await using var provider = services.BuildServiceProvider();

        var texts = provider.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
        var images = provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>();

        var ofText = await texts.GenerateAsync(["a dog on a beach", "a birthday cake"]);
        var ofPhoto = await images.GenerateAsync([new DataContent(await File.ReadAllBytesAsync(photo), "image/jpeg")]);

        var cosine = 0f;                                              // embeddings have length 1
        for (var i = 0; i < ofPhoto[0].Dimensions; i++)
        {
            cosine += ofPhoto[0].Vector.Span[i] * ofText[0].Vector.Span[i];
        }

        // end
        return cosine;
    }
}
