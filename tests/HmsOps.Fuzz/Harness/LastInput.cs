using System.IO.MemoryMappedFiles;

namespace HmsOps.Fuzz.Harness;

/// <summary>
/// The input that is being read, in a file that the kernel keeps: a stack that overflows takes the process with it, and this is how one knows what it was reading.
/// </summary>
sealed class LastInput : IDisposable
{
    const int Bytes = 1 << 20;

    /// <summary>Where they lie: not in the corpus, for nearly all of them are well.</summary>
    public static string Folder => Path.Combine(Corpus.Checkout(), ".build", "fuzz");

    readonly MemoryMappedFile _file;
    readonly MemoryMappedViewAccessor _view;
    readonly string _path;

    LastInput(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _path = path;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, Bytes);
        _view = _file.CreateViewAccessor();
    }

    public static LastInput Of(Decoder decoder) => new(Path.Combine(Folder, decoder.Name));

    /// <summary>Notes an input before it is read.</summary>
    public void Set(byte[] input)
    {
        var length = Math.Min(input.Length, Bytes - sizeof(int));
        _view.Write(0, length);
        _view.WriteArray(sizeof(int), input, 0, length);
    }

    /// <summary>What a process that died was reading, by decoder, and forgets it.</summary>
    public static IReadOnlyList<(string Decoder, byte[] Input)> Left(string folder)
    {
        var left = new List<(string, byte[])>();
        foreach (var path in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
        {
            var bytes = File.ReadAllBytes(path);
            left.Add((Path.GetFileName(path), bytes[sizeof(int)..(sizeof(int) + BitConverter.ToInt32(bytes))]));
            File.Delete(path);
        }
        return left;
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }
}
