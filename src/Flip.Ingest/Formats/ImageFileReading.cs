using CommunityToolkit.HighPerformance;
using Flip.Data;
using Flip.Data.Images;
using Flip.Io;

namespace Flip.Ingest.Formats;

/// <summary>Reads an image that is a file of its own.</summary>
internal static class ImageFileReading
{
    /// <summary>An entry with the file's bytes, or with what is wrong with it.</summary>
    /// <param name="pair">What else is known of it.</param>
    /// <param name="path">The file.</param>
    public static SourcePair With(this SourcePair pair, string path)
    {
        try
        {
            var length = PlainFile.Length(path);
            if (length < 0)
            {
                return pair with { Problem = new BadSource("missing image", $"the image '{UnicodeName.Printable(path)}' does not exist as a file") };
            }

            ImageFileSize.Check(length);
            var bytes = PlainFile.ReadAll(path, ImageFileSize.Most);
            if (!PortablePixmap.IsFile(path))
            {
                return pair with { Image = bytes };
            }

            using var pixels = CommunityToolkit.HighPerformance.Buffers.MemoryOwner<byte>.Allocate(bytes.Length);
            bytes.CopyTo(pixels.Span);
            using var bitmap = PortablePixmap.ToBitmap(pixels);
            return pair with { Image = bitmap.Span.ToArray() };
        }
        catch (BadSampleException e)
        {
            return pair with { Problem = e.Source() };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return pair with { Problem = new BadSource("unreadable image", e.Message) };
        }
    }

    /// <summary>What is wrong with a sample, as what is wrong with a source's entry.</summary>
    public static BadSource Source(this BadSampleException e) => new(e.Cause, e.Message);
}
